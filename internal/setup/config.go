package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/xelpack/xelpack/internal/safefile"
)

// config is the text of the user's config.toml, of which only the lines of keys are changed.
type config struct {
	file string
	text string
}

func readConfig(file string) (config, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return config{file, string(text)}, err
}

func (c config) write() error {
	if c.text == "" { // nothing is left of it
		err := os.Remove(c.file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.file), 0o777); err != nil {
		return err
	}
	return safefile.Write(c.file, func(w io.Writer) error {
		_, err := io.WriteString(w, c.text)
		return err
	})
}

// keyLine returns the line of a key with a value.
func keyLine(key string, value any) (string, error) {
	var b bytes.Buffer
	err := toml.NewEncoder(&b).Encode(map[string]any{key: value})
	return strings.TrimRight(b.String(), "\n"), err
}

// table begins a table: keys behind it are not of the top level.
var table = regexp.MustCompile(`^\s*\[`)

// line returns the line of a key of the top level, without its ending; "" if there is none.
func (c config) line(key string) string {
	if at, lines := c.find(key); at >= 0 {
		return strings.TrimRight(lines[at], "\r\n")
	}
	return ""
}

// find returns where the line of a key is, or -1, among the lines, which keep their endings.
func (c config) find(key string) (at int, lines []string) {
	lines = strings.SplitAfter(c.text, "\n")
	ours := regexp.MustCompile(`^\s*"?` + regexp.QuoteMeta(key) + `"?\s*=`)
	for i, line := range lines {
		if table.MatchString(line) {
			return -1, lines
		}
		if ours.MatchString(line) {
			return i, lines
		}
	}
	return -1, lines
}

// with returns the configuration with the line of a key; "" removes the key. A file in which the
// key cannot be changed by its line alone is refused.
func (c config) with(key, line string) (config, error) {
	end := "\n"
	if strings.Contains(c.text, "\r\n") {
		end = "\r\n"
	}
	at, lines := c.find(key)
	switch {
	case at < 0 && line == "":
		return c, nil
	case at < 0: // above the others: a table may follow them
		lines = append([]string{line + end}, lines...)
	case line == "":
		lines = append(lines[:at:at], lines[at+1:]...)
	default:
		lines[at] = line + end
	}
	changed := config{c.file, strings.Join(lines, "")}
	want, err := c.values()
	if err != nil {
		return c, err
	}
	set, err := config{c.file, line}.values()
	if err != nil {
		return c, err
	}
	delete(want, key)
	maps.Copy(want, set)
	if got, err := changed.values(); err != nil || !reflect.DeepEqual(got, want) {
		if line == "" {
			return c, fmt.Errorf("%s: remove %s by hand: its value has several lines", c.file, key)
		}
		return c, fmt.Errorf("%s: its value of %s has several lines: set it by hand: %s", c.file, key, line)
	}
	return changed, nil
}

func (c config) values() (map[string]any, error) {
	values := make(map[string]any)
	if _, err := toml.Decode(c.text, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", c.file, err)
	}
	return values, nil
}
