/** The room's layout as the server gives it at `/rooms/{id}/layout`. Metres and degrees. */

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly minimum: readonly [number, number];
  readonly maximum: readonly [number, number];
  readonly colour: string;
  readonly sign: readonly [number, number, number];
  readonly sign_yaw_degrees: number;
}

export interface Fixture {
  readonly id: string;
  readonly kind: string;
  readonly position: readonly [number, number, number];
  readonly size_m: readonly [number, number, number];
  readonly yaw_degrees: number;
  readonly colour: string;
}

export interface Slot {
  readonly id: number;
  readonly zone: string;
  readonly fixture: string;
  readonly position: readonly [number, number, number];
  readonly yaw_degrees: number;
}

export interface Waypoint {
  readonly id: string;
  readonly name: string;
  readonly position: readonly [number, number, number];
  readonly yaw_degrees: number;
}

export interface Placement {
  readonly slot_id: number;
  readonly product_id: string;
  readonly skus: readonly string[];
}

export interface Layout {
  readonly id: string;
  readonly name: string;
  readonly size_m: readonly [number, number, number];
  readonly zones: readonly Zone[];
  readonly fixtures: readonly Fixture[];
  readonly slots: readonly Slot[];
  readonly waypoints: readonly Waypoint[];
  readonly placements: readonly Placement[];
}

/** The zone of a point on the floor. */
export function zoneAt(layout: Layout, x: number, z: number): Zone | undefined {
  return layout.zones.find(
    ({ minimum, maximum }) =>
      x >= minimum[0] && x <= maximum[0] && z >= minimum[1] && z <= maximum[1],
  );
}
