/** Building and refreshing DOM without a framework. Text is always set as text, never as HTML. */

type Child = Node | string | null | undefined | false;
type Properties = Record<string, string | number | boolean | EventListener | undefined>;

/**
 * An element. Properties that start with `on` are listeners, booleans switch attributes, the rest
 * are attributes; `class` and `data-...` as in HTML.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** A button that says what it does. */
export function button(
  label: string,
  onclick: () => void,
  properties: Properties = {},
): HTMLButtonElement {
  return h("button", { type: "button", ...properties, onclick: () => onclick() }, label);
}

/**
 * Put new children into a container. What has the focus keeps it when the new children have an
 * element with the same `data-key`.
 */
export function refresh(container: HTMLElement, ...children: Child[]): void {
  const focused = document.activeElement;
  const key =
    focused instanceof HTMLElement && container.contains(focused) ? focused.dataset["key"] : undefined;
  container.replaceChildren(
    ...children.filter((child): child is Node | string => Boolean(child)),
  );
  if (key) {
    const again = [...container.querySelectorAll<HTMLElement>("[data-key]")].find(
      (element) => element.dataset["key"] === key,
    );
    again?.focus();
  }
}

/** Calls `render` at most once a frame, however often it is asked to. */
export function oncePerFrame(render: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      render();
    });
  };
}
