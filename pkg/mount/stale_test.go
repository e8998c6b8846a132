package mount

func serveStale() bool { return false }
