package fly

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/xelpack/xelpack/internal/imagery"
)

// made matches what in a file's name says when the plan was made, at its end or before the airports
// of SimBrief's, so that a new plan for the same airports extends the archive of the old one.
var made = regexp.MustCompile(`[ _-]+(19|20)\d{2}[-_ ]?\d{2}[-_ ]?\d{2}([-_ T]*\d{2,6}Z?)?( |$)`)

// unsafe matches what names of files had better not have.
var unsafe = regexp.MustCompile(`[^\pL\pN._+-]+`)

// Name returns the name of the archive of a flight: that of its plans' files, and of the provider
// if one was asked for.
func Name(routes []string, provider string) string {
	var names []string
	for _, file := range routes {
		name := filepath.Base(file)
		name = strings.TrimSuffix(name, filepath.Ext(name))
		names = append(names, strings.TrimSpace(made.ReplaceAllString(name, " ")))
	}
	name := strings.Join(names, "+")
	if provider != "" && provider != imagery.Auto {
		if u, err := url.Parse(provider); err == nil && u.Host != "" {
			provider = u.Hostname() // the rest may hold a token
		} else {
			provider = strings.TrimSuffix(filepath.Base(provider), filepath.Ext(provider))
		}
		name += "_" + provider
	}
	return strings.Trim(unsafe.ReplaceAllString(name, "-"), "-.") + ".mbtiles"
}
