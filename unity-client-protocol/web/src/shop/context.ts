/** What every part of the HUD gets to work with. */
import type { Actions } from "./actions";
import type { Toasts } from "./hud/toasts";
import type { Layout } from "./layout";
import type { World } from "./scene/world";
import type { Visit } from "./visit";

export interface ShopContext {
  readonly visit: Visit;
  readonly layout: Layout;
  readonly world: World;
  readonly actions: Actions;
  readonly toasts: Toasts;
}
