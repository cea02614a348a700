// Command rightsdesk is the one binary. Started by the Functions host it serves the triggers.
// Otherwise it is the command line.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rightsdesk/rightsdesk/shared/app"
)

// portVariable is set by the Functions host and by nothing else.
const portVariable = "FUNCTIONS_CUSTOMHANDLER_PORT"

func main() {
	ctx := context.Background()
	if port := os.Getenv(portVariable); port != "" && len(os.Args) == 1 {
		// Serve returns only with an error: a handler that exits 0 would not be started again.
		fmt.Println(app.Serve(ctx, port, os.Getenv, os.Stdout))
		os.Exit(1)
	}
	os.Exit(app.CommandLine(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
