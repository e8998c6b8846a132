package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
)

// inflated returns body without its Content-Encoding. None was requested, but some servers send
// one; some name an encoding that they have not used, and then check passes the body as it is. The
// result is no longer than most.
func inflated(encoding string, body []byte, most int64, check func([]byte) error) ([]byte, error) {
	switch encoding = strings.ToLower(strings.TrimSpace(encoding)); {
	case encoding == "" || encoding == "identity" || check(body) == nil:
		return body, nil
	case encoding == "gzip" || encoding == "x-gzip":
		return inflate(encoding, body, most,
			func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
	case encoding == "deflate" && len(body) > 1 && body[0]&0xF == 8 &&
		(uint(body[0])<<8|uint(body[1]))%31 == 0:
		return inflate(encoding, body, most,
			func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
	case encoding == "deflate": // many use the raw format for it
		return inflate(encoding, body, most,
			func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil })
	}
	return nil, fmt.Errorf("%w: it has Content-Encoding %q, which was not requested", ErrBody,
		encoding)
}

func inflate(encoding string, body []byte, most int64,
	open func(io.Reader) (io.Reader, error)) ([]byte, error) {
	var whole bytes.Buffer
	r, err := open(bytes.NewReader(body))
	if err == nil {
		_, err = whole.ReadFrom(io.LimitReader(r, most+1))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: its %s is cut off or damaged", ErrBody, encoding)
	case int64(whole.Len()) > most:
		return nil, fmt.Errorf("%w: %s of %d bytes, inflated", tooLong(most), encoding, len(body))
	}
	return whole.Bytes(), nil
}
