package server

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/time/rate"
)

// piece is how many bytes are sent between looks at the rate and the deadline.
const piece = 256 << 10

// stalled is how long a piece may take: a client that does not read frees its connection.
const stalled = 30 * time.Second

// meter counts answers and limits their rate.
type meter struct {
	registry *prometheus.Registry
	limit    *rate.Limiter
	answers  *prometheus.CounterVec
	bytes    prometheus.Counter
	inFlight prometheus.Gauge
}

func newMeter(bytesPerSecond int64) *meter {
	m := &meter{registry: prometheus.NewRegistry(), limit: rate.NewLimiter(rate.Inf, piece)}
	if bytesPerSecond > 0 {
		m.limit.SetLimit(rate.Limit(bytesPerSecond))
	}
	m.answers = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "xelpack_serve_answers_total", Help: "Answers, by status code."}, []string{"code"})
	m.bytes = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "xelpack_serve_bytes_total", Help: "Bytes of bodies that were sent."})
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "xelpack_serve_requests_in_flight", Help: "Requests that are being answered."})
	m.registry.MustRegister(m.answers, m.bytes, m.inFlight, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *meter) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// metered is a ResponseWriter that sends in pieces.
type metered struct {
	http.ResponseWriter
	ctx     context.Context
	meter   *meter
	control *http.ResponseController
	code    int
}

func (m *meter) begin(w http.ResponseWriter, r *http.Request) *metered {
	m.inFlight.Inc()
	return &metered{w, r.Context(), m, http.NewResponseController(w), http.StatusOK}
}

func (w *metered) end() {
	w.meter.inFlight.Dec()
	w.meter.answers.WithLabelValues(strconv.Itoa(w.code)).Inc()
}

func (w *metered) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// Write implements io.Writer.
func (w *metered) Write(p []byte) (int, error) {
	n, err := w.ReadFrom(&bytesReader{p})
	return int(n), err
}

// bytesReader is a Reader without WriteTo, which would come back to Write.
type bytesReader struct{ p []byte }

func (r *bytesReader) Read(p []byte) (int, error) {
	n := copy(p, r.p)
	r.p = r.p[n:]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom: the kernel copies files by itself.
func (w *metered) ReadFrom(from io.Reader) (sent int64, err error) {
	left := int64(1<<63 - 1)
	if limited, ok := from.(*io.LimitedReader); ok {
		from, left = limited.R, limited.N
	}
	for left > 0 {
		if err := w.meter.limit.WaitN(w.ctx, int(min(piece, left))); err != nil {
			return sent, err
		}
		_ = w.control.SetWriteDeadline(time.Now().Add(stalled)) // not every writer has one
		n, err := io.CopyN(w.ResponseWriter, from, min(piece, left))
		w.meter.bytes.Add(float64(n))
		sent, left = sent+n, left-n
		if err == io.EOF {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}
