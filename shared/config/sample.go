package config

import "encoding/json"

// Sample is the text of local.settings.sample.json: the settings of the local world, in the
// form that Azure Functions Core Tools read.
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
