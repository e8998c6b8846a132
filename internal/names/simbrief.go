package names

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/route"
)

// simBriefFetcher is SimBrief's public fetcher of a user's latest plan. It needs no key.
const simBriefFetcher = "https://www.simbrief.com/api/xml.fetcher.php"

var (
	pilotID = regexp.MustCompile(`^\d+$`)
	// userName is what is asked for: anything that is no mistake of quoting or pasting.
	userName = regexp.MustCompile(`^[\p{L}\p{N}._@ -]{1,64}$`)
)

// simBrief fetches the latest plan of a user of SimBrief, keeps it and returns its file.
func (f Finder) simBrief(ctx context.Context, user string) (string, error) {
	user = cmp.Or(strings.TrimSpace(user), f.SimBriefUser)
	if user == "" {
		return "", usage.Errorf("simbrief: no user is known: give simbrief:USER, or once for all " +
			"`xelpack setup --simbrief USER`; USER is the name or the pilot ID of your SimBrief account")
	}
	if !userName.MatchString(user) {
		return "", usage.Errorf("simbrief:%s: want the name or the pilot ID of a SimBrief account", user)
	}
	dir, err := f.cache()
	if err != nil {
		return "", err
	}
	kept, _ := filepath.Glob(filepath.Join(dir, fileName("simbrief", user)+" *.json"))
	slices.Sort(kept) // the time is in the name
	if f.Offline {
		if len(kept) == 0 {
			return "", fmt.Errorf("simbrief:%s: --offline, and no plan was fetched before", user)
		}
		last := kept[len(kept)-1]
		f.note("simbrief:%s: --offline: the plan that was fetched last, %s", user, last)
		return last, nil
	}
	body, err := f.askSimBrief(ctx, user)
	if err != nil {
		if len(kept) > 0 {
			err = fmt.Errorf("%w; the plan that was fetched last is %s", err, kept[len(kept)-1])
		}
		return "", fmt.Errorf("simbrief:%s: %w", user, err)
	}
	// A name with the time of the plan: the same plan again is the same file.
	file := filepath.Join(dir, fmt.Sprintf("%s %s.json", fileName("simbrief", user), planName(body)))
	err = safefile.Write(file, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
	if err != nil {
		return "", err
	}
	return file, f.tellPlan(user, file)
}

// askSimBrief returns the user's plan as SimBrief answers it.
func (f Finder) askSimBrief(ctx context.Context, user string) ([]byte, error) {
	query := url.Values{"json": {"1"}}
	if pilotID.MatchString(user) {
		query.Set("userid", user)
	} else {
		query.Set("username", user)
	}
	client := fetch.NewClient(fetch.ClientOptions{Concurrency: 1, UserAgent: version.Program()})
	defer client.Close()
	answer, err := client.Document(ctx, cmp.Or(f.SimBrief, simBriefFetcher)+"?"+query.Encode(),
		route.MaxFileBytes)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("SimBrief does not answer: %w; check the network, or save the plan "+
			"from its page and name the file", err)
	}
	var said struct {
		Fetch struct{ Status string }
	}
	errJSON := json.Unmarshal(answer.Body, &said)
	status := strings.TrimSpace(said.Fetch.Status)
	switch {
	case answer.Status == http.StatusOK && errJSON == nil && strings.EqualFold(status, "success"):
		return answer.Body, nil
	case strings.Contains(strings.ToLower(status), "unknown user"):
		return nil, fmt.Errorf("SimBrief has no such user (it answered %q): give the name or the "+
			"pilot ID as its account settings show them", status)
	case strings.Contains(strings.ToLower(status), "flight plan"):
		return nil, fmt.Errorf("SimBrief has no flight plan of this user (it answered %q): generate "+
			"one there first", status)
	case status != "":
		return nil, fmt.Errorf("SimBrief answered %q", cut(status))
	case answer.Status != http.StatusOK:
		return nil, fmt.Errorf("SimBrief answered with status %d %s: try again later, or save the "+
			"plan from its page and name the file", answer.Status, http.StatusText(answer.Status))
	}
	return nil, errors.New("SimBrief answered with something that is not a flight plan: try again " +
		"later, or save the plan from its page and name the file")
}

// cut shortens what a server said.
func cut(said string) string {
	const most = 200
	if len(said) > most {
		return strings.ToValidUTF8(said[:most], "") + "…"
	}
	return said
}

// planName returns when a plan was generated and its airports, as part of a file name.
func planName(plan []byte) string {
	type airport struct {
		Code string `json:"icao_code"`
	}
	var p struct {
		Params struct {
			Made json.RawMessage `json:"time_generated"` // seconds since 1970, as text or number
		}
		Origin, Destination airport
	}
	_ = json.Unmarshal(plan, &p) // what cannot be read is said when the route is
	name := "latest"
	if seconds, _ := strconv.ParseInt(strings.Trim(string(p.Params.Made), `"`), 10, 64); seconds > 0 {
		name = time.Unix(seconds, 0).UTC().Format("20060102-150405")
	}
	if p.Origin.Code != "" && p.Destination.Code != "" {
		name += " " + fileName(p.Origin.Code, p.Destination.Code)
	}
	return name
}

// tellPlan says what the plan is, and which alternates are planned too. A plan that cannot be read
// is said when it is.
func (f Finder) tellPlan(user, file string) error {
	routes, _, err := route.Read(file)
	if err != nil {
		return fmt.Errorf("simbrief:%s: %w", user, err)
	}
	text, alternates := "", []string(nil)
	for _, r := range routes {
		if r.Alternate {
			alternates = append(alternates, r.Name)
		} else {
			text = r.Name
		}
	}
	if len(alternates) > 0 {
		text += "; planned too: the way to " + plural(len(alternates), "alternate", "alternates") + " " +
			strings.Join(alternates, ", ")
	}
	f.note("simbrief:%s: %s; kept as %s", user, text, file)
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// fileName returns parts as the name of a file on any system.
func fileName(parts ...string) string {
	const most = 100
	name := strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return r
		case r > 127:
			return r
		}
		return '_'
	}, strings.Join(parts, "-"))
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "")
	}
	return name
}
