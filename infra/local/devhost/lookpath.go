package devhost

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// lookPath finds a program and says plainly what is wrong with it.
func lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	var failed *exec.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if filepath.IsAbs(name) {
		return "", fmt.Errorf("%s cannot be run: %w", name, err)
	}
	return "", fmt.Errorf("%s is neither a file of the app nor a program on PATH: %w", name, err)
}
