package pack

import (
	"fmt"
	"runtime"
)

// LowPriority ties the calling goroutine to a thread of its own, of low CPU priority, for the rest
// of its life. (An ordinary process may lower a thread's priority but not raise it again: the
// thread ends with the goroutine.)
func LowPriority() error {
	runtime.LockOSThread()
	if err := lowerThread(); err != nil {
		return fmt.Errorf("lower the priority of a thread: %w", err)
	}
	return nil
}

// thread runs functions one after the other, at low priority.
type thread struct {
	tasks chan func()
	ended chan struct{}
}

func newThread() *thread {
	t := &thread{tasks: make(chan func()), ended: make(chan struct{})}
	go func() {
		defer close(t.ended)
		_ = LowPriority() // if refused, the work is done at normal priority
		for task := range t.tasks {
			task()
		}
	}()
	return t
}

// run returns when do has returned. A panic in it is passed to the caller. It cannot be
// interrupted: a worker's task takes milliseconds.
func (t *thread) run(do func() error) (err error) {
	done := make(chan any)
	t.tasks <- func() {
		defer func() { done <- recover() }()
		err = do()
	}
	if p := <-done; p != nil {
		panic(p)
	}
	return err
}

func (t *thread) close() {
	close(t.tasks)
	<-t.ended
}

// onThread runs f with w, on w's own thread if it has one.
func (p *Pipeline) onThread(w *worker, task Task, f func(*worker) error) error {
	if w.thread == nil {
		return p.do(w, task, f)
	}
	return w.thread.run(func() error { return p.do(w, task, f) })
}
