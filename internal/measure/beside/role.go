package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// roleFlag as the first argument makes this program one of the helper processes of a measurement.
const roleFlag = "-role"

// playRole runs a helper process.
func playRole(ctx context.Context, args []string, stdout io.Writer) error {
	role, args := args[1], args[2:]
	switch {
	case role == "bare" && len(args) == 2:
		return serveBare(args[0], args[1])
	case role == "away" && len(args) == 1:
		return serveAway(args[0], stdout)
	case role == "open" && len(args) == 3:
		n, errN := strconv.Atoi(args[1])
		parallel, err := strconv.Atoi(args[2])
		if err := errors.Join(errN, err); err != nil {
			return err
		}
		_, err = each(texturePaths(args[0], missing, n), parallel, open)
		return err
	case role == "list" && len(args) == 1:
		l, err := listArchive(ctx, args[0])
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(l)
	}
	return fmt.Errorf("unknown role %q with %q", role, args)
}
