package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/replay"
)

// bareApp makes an app folder whose program is this one in its role as the bare handler.
func (b *bench) bareApp(t replay.Template) (folder string, env []string, err error) {
	folder = filepath.Join(b.dir, "bare")
	if err := os.MkdirAll(filepath.Join(folder, "requests"), 0o755); err != nil {
		return "", nil, err
	}
	for _, name := range []string{"host.json", "requests/function.json"} {
		text, err := os.ReadFile(filepath.Join(b.App, name))
		if err != nil {
			return "", nil, fmt.Errorf("make package makes the app: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return "", nil, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	if err := os.Symlink(self, filepath.Join(folder, "rightsdesk")); err != nil {
		return "", nil, err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return "", nil, err
	}
	file := filepath.Join(b.dir, "template.json")
	return folder, []string{roleVariable + "=" + roleHandler, taskVariable + "=" + file}, os.WriteFile(file, text, 0o600)
}
