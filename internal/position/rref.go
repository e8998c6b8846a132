package position

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"os"
	"time"
)

// rrefRequest is a request for a dataref so many times a second; 0 ends it.
func rrefRequest(hz, index int, name string) []byte {
	const nameBytes = 400
	b := append([]byte("RREF\x00"), make([]byte, 8+nameBytes)...)
	binary.LittleEndian.PutUint32(b[5:], uint32(hz))
	binary.LittleEndian.PutUint32(b[9:], uint32(index))
	copy(b[13:], name)
	return b
}

// rrefValues calls set with each value of an answer: "RREF," or, from X-Plane 10, "RREFO", then
// pairs of our index and a value.
func rrefValues(answer []byte, set func(index int, value float64)) {
	if !bytes.HasPrefix(answer, []byte("RREF")) || len(answer) < 5 {
		return
	}
	for pair := answer[5:]; len(pair) >= 8; pair = pair[8:] {
		set(int(int32(binary.LittleEndian.Uint32(pair))),
			float64(math.Float32frombits(binary.LittleEndian.Uint32(pair[4:]))))
	}
}

// rref delivers states from X-Plane's UDP service until it falls silent.
func rref(ctx context.Context, o Options, deliver func(State)) error {
	var dialer net.Dialer
	link, err := dialer.DialContext(ctx, "udp", o.RREFAt)
	if err != nil {
		return errors.Join(errAbsent, err)
	}
	defer func() { _ = link.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = link.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	ask := func(hz int) error {
		for i, name := range refs {
			if _, err := link.Write(rrefRequest(hz, i, name)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := ask(1); err != nil {
		return errors.Join(errAbsent, err)
	}
	defer func() { _ = ask(0) }()
	var v values
	heard := false
	buf := make([]byte, 2048)
	for {
		// while X-Plane shows its loading screen it sends nothing
		_ = link.SetReadDeadline(time.Now().Add(o.Silence / 3))
		n, err := link.Read(buf)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !heard:
			return errors.Join(errAbsent, err)
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errors.New("X-Plane has fallen silent")
		case err != nil:
			return err
		}
		rrefValues(buf[:n], func(i int, value float64) {
			if i >= 0 && i < len(refs) {
				v.set(i, value)
			}
		})
		if s, ok := v.state(time.Now()); ok {
			if !heard && o.Changed != nil {
				o.Changed("RREF")
			}
			heard = true
			deliver(s)
		}
	}
}
