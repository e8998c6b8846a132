package fetch

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/terms"
)

// Bing tells when the pictures in a chunk were taken: "5/1/2019-6/30/2020".
const capturedHeader = "X-Ve-Tilemeta-Capturedatesrange"

// capturedBefore begins the comment in a JPEG that says when it was taken.
const capturedBefore = "xelpack captured "

// CapturedBy returns the days that the header of an answer says its pictures were taken on.
func CapturedBy(h http.Header) terms.Days {
	from, to, _ := strings.Cut(h.Get(capturedHeader), "-")
	first, errFirst := time.Parse("1/2/2006", strings.TrimSpace(from))
	last, errLast := time.Parse("1/2/2006", strings.TrimSpace(to))
	if errFirst != nil || errLast != nil || last.Before(first) {
		return terms.Days{}
	}
	return terms.Days{Oldest: first.Format(time.DateOnly), Newest: last.Format(time.DateOnly)}
}

// Captured returns the days that a JPEG of a Source was taken on, if the provider told.
func Captured(body []byte) terms.Days {
	const comment = "\xFF\xD8\xFF\xFE"
	if len(body) < len(comment)+2 || string(body[:len(comment)]) != comment {
		return terms.Days{}
	}
	text := body[len(comment)+2:]
	length := int(body[4])<<8 + int(body[5]) - 2
	if length < 0 || length > len(text) || !bytes.HasPrefix(text, []byte(capturedBefore)) {
		return terms.Days{}
	}
	days, _ := terms.ParseDays(string(text[len(capturedBefore):length]))
	return days
}

// dated returns a JPEG with a comment that says when it was taken, which goes wherever the picture
// is kept.
func dated(body []byte, days terms.Days) []byte {
	if days == (terms.Days{}) || !IsJPEG(body) {
		return body
	}
	text := capturedBefore + days.String()
	n := len(text) + 2
	comment := append([]byte{0xFF, markerSOI, 0xFF, markerCOM, byte(n >> 8), byte(n)}, text...)
	return append(comment, body[2:]...)
}
