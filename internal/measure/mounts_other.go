//go:build !linux

package measure

// mountSuites are those that need a mount: none here, where nothing can be mounted.
var mountSuites []Suite
