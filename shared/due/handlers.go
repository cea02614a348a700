package due

import (
	"context"
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/lists"
)

// Do handles one due wake. With an error the wake stays due.
type Do func(context.Context, lists.Wake) error

// Handlers say what a step does about each kind of wake.
type Handlers map[retention.WakeKind]Do

// Complete returns an error unless the handlers cover exactly the kinds of wake that the
// retention table gives to the step.
func (h Handlers) Complete(step dsr.Step) error {
	kinds := retention.Wakes(step)
	for _, k := range kinds {
		if h[k] == nil {
			return fmt.Errorf("due: step %s does nothing about wakes of kind %s", step, k)
		}
	}
	if len(h) > len(kinds) {
		return fmt.Errorf("due: step %s handles a kind of wake that the retention table gives to another", step)
	}
	return nil
}
