package pack

import "golang.org/x/sys/unix"

// lowPriority is a niceness with which a thread gets a tenth of a processor that another wants, and
// all of one that nobody does. Not nice's last, 19: a thread that the kernel keeps waiting may hold
// what the rest of the process needs, such as a lock, or a garbage collection that waits for all
// threads. With all processors taken by others the answers to everybody else came up to 4 s late at
// 19, and 0.4 s at 10.
const lowPriority = 10

func lowerThread() error { return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), lowPriority) }
