package azurite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// installation is where Node.js and Azurite were found.
type installation struct {
	node   string // the program
	script string // Azurite's main file
	root   string // the module's root folder
}

// errNotInstalled is wrapped by every error of Start that an installation would cure. The
// error's text names the command.
var errNotInstalled = errors.New("azurite is not installed")

// find looks for Node.js on PATH, and for Azurite in infra/local of the module that the working
// directory lies in.
func find() (installation, error) {
	wd, err := os.Getwd()
	if err != nil {
		return installation{}, fmt.Errorf("find azurite: %w", err)
	}
	root, err := moduleRoot(wd)
	if err != nil {
		return installation{}, err
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return installation{}, fmt.Errorf("%w: Node.js (node) is not on PATH; install Node.js 20 or later, then run `make setup`", errNotInstalled)
	}
	script := filepath.Join(root, "infra", "local", "node_modules", "azurite", "dist", "src", "azurite.js")
	if _, err := os.Stat(script); err != nil {
		return installation{}, fmt.Errorf("%w: run `make setup` (or `npm ci --prefix infra/local`) in the project's folder", errNotInstalled)
	}
	return installation{node: node, script: script, root: root}, nil
}

// moduleRoot walks up from dir to the folder that holds go.mod.
func moduleRoot(dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		_, err := os.Stat(filepath.Join(d, "go.mod"))
		switch {
		case err == nil:
			return d, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("find the module's root: %w", err)
		case d == filepath.Dir(d):
			return "", errors.New("find the module's root: no go.mod here or above")
		}
	}
}
