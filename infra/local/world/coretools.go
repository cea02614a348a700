package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// writeLocalSettings writes the local.settings.json that Core Tools read. It is the sample with
// the given values on top.
func writeLocalSettings(app string, values map[string]string) error {
	var doc map[string]any
	b, err := os.ReadFile(filepath.Join(app, "local.settings.sample.json"))
	if err != nil {
		return fmt.Errorf("local settings: %w", err)
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("local settings: %w", err)
	}
	merged, ok := doc["Values"].(map[string]any)
	if !ok {
		merged = map[string]any{}
	}
	for k, v := range maps.All(values) {
		merged[k] = v
	}
	doc["Values"], doc["IsEncrypted"] = merged, false
	if b, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return fmt.Errorf("local settings: %w", err)
	}
	if err := os.WriteFile(filepath.Join(app, "local.settings.json"), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("local settings: %w", err)
	}
	return nil
}
