package fetch

import (
	"bytes"
	"errors"
	"html"
	"net"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/xelpack/xelpack/internal/providers"
)

// Explain describes what a provider, or its host, did that caused err, to follow "the provider ":
// "answers status 500 Internal Server Error", "answers HTML: Access denied", "does not answer: …".
// err is of a Source.
func Explain(err error) string {
	reason := plainly(err)
	text := reason.Error()
	dial := (*net.OpError)(nil)
	switch {
	case errors.As(reason, new(*StatusError)):
		return "answers " + text
	case errors.Is(reason, ErrBody):
		if said, ok := strings.CutPrefix(text, ErrBody.Error()+": "); ok &&
			textKind.MatchString(said) {
			return "answers " + said
		}
		return "answers what is " + text
	case errors.Is(reason, ErrTimeout):
		return "does not answer: " + text
	case errors.As(reason, &dial) && dial.Op == "dial", errors.As(reason, new(*net.DNSError)):
		return "does not answer: " + strings.TrimPrefix(text, ErrNetwork.Error()+": ")
	case errors.Is(reason, ErrNetwork):
		return "breaks the connection: " + strings.TrimPrefix(text, ErrNetwork.Error()+": ")
	case errors.Is(reason, ErrOffline):
		return "is not asked: " + ErrOffline.Error()
	}
	return "cannot be asked: " + text
}

// plainly returns the part of err about the answer, without the additions for the chunk, the number
// of attempts or an outage.
func plainly(err error) error {
	if down, ok := errors.AsType[*downError](err); ok {
		err = down.cause
	}
	for {
		next := errors.Unwrap(err)
		switch next {
		case nil, ErrNoImagery, ErrRefused, ErrZoom, ErrBody, ErrTimeout, ErrNetwork, ErrClosed,
			ErrOffline, errRedirect, providers.ErrTemplate:
			return err
		}
		if _, ok := err.(*net.OpError); ok {
			return err // it has more information than what it wraps
		}
		err = next
	}
}

// textKind matches the beginning of answerText's result.
var textKind = regexp.MustCompile(`^(HTML|XML|text)(: |$)`)

// quoted is how many characters of a text answer are quoted.
const quoted = 80

var (
	// of OGC services
	exceptionCode = regexp.MustCompile(
		`(?i)<[a-z:]*exception\s[^>]*\b(?:exception)?code="([^">]+)"`)

	titles = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	markup = regexp.MustCompile(
		`(?is)<(script|style|head)\b.*?</(script|style|head)>|<!--.*?-->|<[^>]*>`)
)

// mostText is how much of an answer is looked at for words.
const mostText = 16 << 10

// answerText returns the kind of an answer that is text instead of an image, and its first words:
// "HTML: Access denied". It is empty for anything else.
func answerText(body []byte) string {
	body = body[:min(len(body), mostText)]
	found := http.DetectContentType(body)
	if len(body) == 0 || !strings.HasPrefix(found, "text/") {
		return ""
	}
	kind, text := "text", string(body)
	switch {
	case strings.HasPrefix(found, "text/html") ||
		bytes.Contains(bytes.ToLower(body), []byte("<html")):
		kind = "HTML"
	case strings.HasPrefix(found, "text/xml") || strings.HasPrefix(strings.TrimSpace(text), "<"):
		kind = "XML"
	}
	code := exceptionCode.FindStringSubmatch(text)
	if kind != "text" {
		title := titles.FindStringSubmatch(text)
		text = markup.ReplaceAllString(text, " ")
		if title != nil && strings.TrimSpace(title[1]) != "" {
			text = title[1]
		}
		text = html.UnescapeString(text)
		if code != nil {
			text = code[1] + ": " + text
		}
	}
	visible := func(r rune) rune { // others could control a terminal
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}
	text = strings.Join(strings.Fields(strings.Map(visible, strings.ToValidUTF8(text, ""))), " ")
	text = strings.TrimSuffix(text, ":")
	if runes := []rune(text); len(runes) > quoted {
		text = strings.TrimSpace(string(runes[:quoted])) + "…"
	}
	if text == "" {
		return kind
	}
	return kind + ": " + text
}
