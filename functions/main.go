// Command rightsdesk is the product's one binary. Started by the Functions host, it serves
// the triggers. Otherwise it is the command line.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rightsdesk/rightsdesk/shared/app"
)

// portVariable is set only by the Functions host.
const portVariable = "FUNCTIONS_CUSTOMHANDLER_PORT"

func main() {
	ctx := context.Background()
	if port := os.Getenv(portVariable); port != "" && len(os.Args) == 1 {
		// Serve returns only with an error. The host does not restart a handler that exits
		// with 0.
		fmt.Println(app.Serve(ctx, port, os.Getenv, os.Stdout))
		os.Exit(1)
	}
	os.Exit(app.CommandLine(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
