//go:build !linux && !windows

package pack

import "errors"

// lowerThread fails: macOS has priorities of threads only behind a call of its own
// (pthread_set_qos_class_self_np).
func lowerThread() error { return errors.ErrUnsupported }
