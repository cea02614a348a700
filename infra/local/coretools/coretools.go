// Package coretools runs an app folder under Azure Functions Core Tools, the real Functions host.
package coretools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// Start runs a copy of an app folder, made in dir, with these app settings until stop is called. It
// returns the URL of the host once the app answers. The program func must be on PATH.
func Start(ctx context.Context, app, dir string, settings map[string]string) (url string, stop func(), err error) {
	folder := filepath.Join(dir, "func-app")
	if err := stage(app, folder, settings); err != nil {
		return "", nil, fmt.Errorf("coretools: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, fmt.Errorf("coretools: %w", err)
	}
	cmd := exec.Command("func", "start", "--port", port)
	cmd.Dir = folder
	p, err := process.Start(cmd)
	if err != nil {
		return "", nil, fmt.Errorf("coretools: %w", err)
	}
	url = "http://127.0.0.1:" + port
	for began := time.Now(); time.Since(began) < 2*time.Minute; {
		select {
		case <-p.Done():
			return "", nil, fmt.Errorf("coretools: func ended while it started: %w", p.Err())
		case <-ctx.Done():
			p.Kill()
			return "", nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if answers(ctx, url+"/api/openapi.json") {
			return url, p.Kill, nil
		}
	}
	p.Kill()
	return "", nil, errors.New("coretools: func did not answer within two minutes")
}

// stage copies the app folder and writes the settings as Core Tools read them.
func stage(app, folder string, settings map[string]string) error {
	if err := os.CopyFS(folder, os.DirFS(app)); err != nil {
		return err
	}
	local, err := json.Marshal(map[string]any{"IsEncrypted": false, "Values": settings})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "local.settings.json"), local, 0o600)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port, l.Close()
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
