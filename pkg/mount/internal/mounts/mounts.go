// Package mounts knows the mounts of the system: which there are, whether they answer, who holds
// them, and how they are ended.
package mounts

// Type is what systems call our mounts; Linux lists them as "fuse.xelpack".
const Type = "xelpack"
