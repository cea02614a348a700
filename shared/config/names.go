package config

// Names of the settings.
const (
	envStorage     = "AzureWebJobsStorage"
	envAccount     = "AzureWebJobsStorage__accountName"
	envConfig      = "RIGHTSDESK_CONFIG"
	envKeys        = "RIGHTSDESK_KEYS"
	envCloud       = "RIGHTSDESK_CLOUD"
	envGraph       = "RIGHTSDESK_GRAPH"
	envClock       = "RIGHTSDESK_CLOCK"
	envAhead       = "RIGHTSDESK_AHEAD"
	envLogLevel    = "RIGHTSDESK_LOG"
	envOTLP        = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envWorker      = "FUNCTIONS_WORKER_RUNTIME"
	envCollect     = "GOGC"
	envMemory      = "GOMEMLIMIT"
	developStorage = "UseDevelopmentStorage=true"
)
