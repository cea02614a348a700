package config

import "encoding/json"

// Sample is local.settings.sample.json, which Azure Functions Core Tools read: the settings of
// the local world.
func Sample() ([]byte, error) {
	values := map[string]string{}
	for _, s := range Table() {
		if s.Sample != "" {
			values[s.Name] = s.Sample
		}
	}
	b, err := json.MarshalIndent(map[string]any{"IsEncrypted": false, "Values": values}, "", "  ")
	return append(b, '\n'), err
}
