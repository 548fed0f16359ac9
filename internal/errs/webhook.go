package errs

// Webhooks.
var (
	InvalidWebhookURL = row(400, "invalid_webhook_url",
		"The URL must be https, without credentials and without a fragment.",
		"The address of a webhook cannot be called: events are told over https alone, except on a machine where they are tried out.",
		"Give an address such as https://app.example.com/webhooks.")
	InvalidWebhookEvents = row(400, "invalid_webhook_events",
		"A webhook needs one to 50 kinds of events, each a name, a group such as member.*, or * for all.",
		"The list of events is empty or too long, or it has a name that no kind of events has.",
		"Choose from the table in docs/webhooks.md.")
	TooManyWebhooks = row(400, "too_many_webhooks",
		"The project has as many webhooks as it can have.",
		"A project can have 20 webhooks.",
		"Remove one that nobody needs, or have one program pass events on to others.")
	TooManyWebhookSecrets = row(400, "too_many_webhook_secrets",
		"The webhook has as many living secrets as it can have.",
		"Deliveries to a webhook are signed with up to five secrets. Earlier changes of the secret are not over yet.",
		"Wait until they are over, or end them with the next change: expire_others_in_hours 0.")

	WebhookNotFound = row(404, "webhook_not_found",
		"The project has no webhook with that id.",
		"The webhook was removed, or belongs to another project.",
		"List the webhooks.")
	WebhookDeliveryNotFound = row(404, "webhook_delivery_not_found",
		"The webhook has no delivery of that event that could be told again.",
		"The event was never for this webhook, or it is so old that its record is gone; or it is being told at this moment.",
		"List the deliveries of the webhook.")
)
