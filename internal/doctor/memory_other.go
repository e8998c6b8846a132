//go:build !linux && !windows && !darwin

package doctor

// Memory compares what is available with what a mount may take.
func Memory(int64) Finding {
	return subject("memory").skipped("this system does not say how much is available")
}
