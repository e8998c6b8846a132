// Package process has figures about processes: memory and processor time.
package process
