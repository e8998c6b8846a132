//go:build !linux && !windows && !darwin

package doctor

// Memory compares the available memory with what a mount may need.
func Memory(int64) Finding {
	return subject("memory").skipped("this system does not say how much is available")
}
