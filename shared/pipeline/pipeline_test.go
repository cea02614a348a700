package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/purge"
	"github.com/rightsdesk/rightsdesk/shared/task"
	"github.com/rightsdesk/rightsdesk/shared/wake"
)

// No step is made without its parts: a missing one is told when the app starts, and not by the
// first message.
func TestAMissingPartIsRefused(t *testing.T) {
	t.Parallel()
	_, err := pipeline.New(pipeline.Options{})
	for _, step := range []string{"discover: ", "fulfil: ", "deliver: ", "due: "} {
		require.ErrorContains(t, err, step)
	}
	for name, missing := range map[string]func() error{
		"task":   func() error { _, err := task.New(task.Options{}); return err },
		"decide": func() error { _, err := decide.New(nil); return err },
		"wake":   func() error { _, err := wake.New(nil, nil); return err },
		"purge":  func() error { _, err := purge.New(nil); return err },
	} {
		require.ErrorContains(t, missing(), name+": ", name)
	}
}
