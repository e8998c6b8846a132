// Package process says what the system knows of a process.
package process
