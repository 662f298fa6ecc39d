/** The Galleria SDK for browsers and Node: no rendering, no framework. */
export * from "./clock";
export * from "./client";
export * from "./codec";
export * from "./emitter";
export * from "./errors";
export * from "./http";
export * from "./interpolation";
export * from "./messages";
export * from "./pose";
export * from "./room";
export * from "./rotation";
