package fetch

// maxDescriptors is how many descriptors the process may have, where that is limited: handles are
// not.
func maxDescriptors() (n uint64, limited bool) { return 0, false }
