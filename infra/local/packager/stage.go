package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// binaryName is the program's name in an app folder, as host.json names it.
const binaryName = "rightsdesk"

// stage fills the app folder, which is all that a Functions host sees. It holds the binary,
// host.json, the sample settings, and for each function a folder with its function.json. A
// folder that was there is replaced as a whole.
func stage(root, binary, app string) error {
	functions, err := filepath.Glob(filepath.Join(root, "functions", "*", "function.json"))
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if len(functions) == 0 {
		return errors.New("stage: no functions/*/function.json in the project's folder")
	}
	next := app + ".next"
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if err := copyFile(binary, filepath.Join(next, binaryName), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"host.json", "local.settings.sample.json"} {
		if err := copyFile(filepath.Join(root, name), filepath.Join(next, name), 0o644); err != nil {
			return err
		}
	}
	for _, f := range functions {
		name := filepath.Base(filepath.Dir(f))
		if err := copyFile(f, filepath.Join(next, name, "function.json"), 0o644); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(app); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	if err := os.Rename(next, app); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	return nil
}

// copyFile copies src to dst with exactly this mode, whatever the umask is, and makes dst's
// folder.
func copyFile(src, dst string, mode os.FileMode) (err error) {
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	in, err := os.Open(src)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(dst, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Chmod(mode), out.Close()); err != nil {
		return fmt.Errorf("stage %s: %w", filepath.Base(dst), err)
	}
	return nil
}
