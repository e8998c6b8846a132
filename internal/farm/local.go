package farm

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TokenVariable is the environment variable with the token of a NATS server.
const TokenVariable = "XELPACK_FARM_TOKEN"

// machine is a NATS server in this process and workers in processes of their own.
type machine struct {
	s     *server.Server
	dir   string
	quit  context.CancelFunc
	group sync.WaitGroup
}

// localStore bounds the embedded server's disk.
const localStore = 2 << 30

// startLocal starts the server. Its store is beside the archive, so that a build that was killed
// continues with what was built.
func startLocal(ctx context.Context, f *Farm) (*machine, error) {
	m := &machine{dir: f.plan.Options.Output + ".part.farm"}
	token := rand.Text()
	var err error
	m.s, err = server.NewServer(&server.Options{ServerName: "xelpack", Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true,
		StoreDir: m.dir, JetStreamMaxStore: localStore, JetStreamMaxMemory: 64 << 20, Authorization: token, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, fmt.Errorf("start a NATS server in %s: %w", m.dir, err)
	}
	m.s.Start()
	if !m.s.ReadyForConnections(time.Minute) || !m.s.JetStreamEnabled() {
		m.s.Shutdown()
		return nil, fmt.Errorf("start a NATS server in %s: it does not come up: see the disk's free space, or remove the folder", m.dir)
	}
	f.server = Server{URL: m.s.ClientURL(), Token: token, InProcess: m.s}
	return m, ctx.Err()
}

// startWorkers starts the workers, and starts them again when they end before the work does.
func (m *machine) startWorkers(ctx context.Context, f *Farm) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, m.quit = context.WithCancel(ctx)
	n := cmp.Or(f.Workers, runtime.NumCPU())
	o := f.plan.Options.Imagery
	args := append(workerArgs, "worker", m.s.ClientURL(), "--until-input-ends")
	if o.Concurrency > 0 {
		args = append(args, "--concurrency", strconv.Itoa(max(1, o.Concurrency/n)))
	}
	if o.NoStore {
		args = append(args, "--no-store")
	}
	for i := range n {
		m.group.Go(func() {
			for ctx.Err() == nil {
				if err := m.worker(ctx, program, args, f.server.Token, n); err != nil && ctx.Err() == nil {
					f.note(fmt.Sprintf("worker %d is started again: %v", i+1, err))
					sleep(ctx, reconnectWait)
				}
			}
		})
	}
	return nil
}

// workerArgs come before the verb: for tests, whose program is not xelpack.
var workerArgs []string

// worker runs one worker to its end.
func (m *machine) worker(ctx context.Context, program string, args []string, token string, n int) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), TokenVariable+"="+token, "GOMAXPROCS="+strconv.Itoa(max(1, runtime.NumCPU()/n)))
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.Cancel = in.Close // it leaves; so it does if we are killed
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		return errors.New("it has ended")
	}
	if len(out) > 300 {
		out = out[len(out)-300:]
	}
	return fmt.Errorf("%w: %s", err, out)
}

func (m *machine) endWorkers() {
	m.quit()
	m.group.Wait()
}

// close ends the server, and removes the store of a finished build.
func (m *machine) close(finished bool) {
	m.s.Shutdown()
	m.s.WaitForShutdown()
	if finished {
		_ = os.RemoveAll(m.dir) // what is left is rubbish of no use
	}
}
