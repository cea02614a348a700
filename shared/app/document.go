package app

import (
	"fmt"
	"os"

	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// readDocument reads the YAML document that the settings name.
func readDocument(s config.Settings, c connector.Catalogue) (*config.Document, error) {
	text, err := os.ReadFile(s.Config)
	if err != nil {
		return nil, fmt.Errorf("RIGHTSDESK_CONFIG: the document cannot be read: %w", err)
	}
	return config.Parse(text, s.Deployment(c))
}
