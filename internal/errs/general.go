package errs

// Any call: credentials, shape of the request, limits, our own failures.
var (
	BadRequest = row(400, "bad_request",
		"The request body could not be read as JSON.",
		"The body is not one JSON object, is too large, too deeply nested or names a field twice.",
		"Send one JSON object in UTF-8 of at most 1 MiB.")
	InvalidArgument = row(400, "invalid_argument",
		"A field is missing or has the wrong form.",
		"A required field is missing, or a field has another JSON type or value than the call documents.",
		"Compare the field named in the message with the description of the call.")
	InvalidRequestValue = row(400, "invalid_request_value",
		"One of the values in the request is not allowed.",
		"A field has the right type but a value that the call does not know.",
		"Use one of the values that the call documents.")
	InvalidAuthorizationHeader = row(400, "invalid_authorization_header",
		"The Authorization header is missing or cannot be read.",
		"The call needs HTTP Basic credentials and the header was absent or garbled.",
		"Send the project id as user name and a project secret as password.")
	InvalidProjectIDAuthentication = row(400, "invalid_project_id_authentication",
		"The project id in the Authorization header is not known.",
		"The user name of the Basic credentials is not the id of a project on this server.",
		"Copy the project id from the dashboard or the configuration.")
	InvalidB2BEndpoint = row(400, "invalid_b2b_endpoint",
		"This project cannot use this call.",
		"The call belongs to another kind of project.",
		"Use the credentials of a project made for businesses.")
	LiveIDUsedInTestEnvironment = row(400, "live_id_used_in_test_environment",
		"An id of a live project was used in a test project.",
		"The request names something of a live project with the credentials of a test project.",
		"Use ids and credentials of the same project.")
	TestIDUsedInLiveEnvironment = row(400, "test_id_used_in_live_environment",
		"An id of a test project was used in a live project.",
		"The request names something of a test project with the credentials of a live project.",
		"Use ids and credentials of the same project.")
	WrongStackTest = row(400, "wrong_stack_test",
		"These credentials belong to a test project, and this address serves live projects.",
		"Credentials of a test project reached the address of live projects.",
		"Point the client at the address for test projects.")
	WrongStackLive = row(400, "wrong_stack_live",
		"These credentials belong to a live project, and this address serves test projects.",
		"Credentials of a live project reached the address of test projects.",
		"Point the client at the address for live projects.")

	UnauthorizedCredentials = row(401, "unauthorized_credentials",
		"The credentials are not right.",
		"Project id and secret do not belong together, or a password is wrong.",
		"Check that the secret belongs to this project and was not revoked.")
	InvalidSecretAuthentication = row(401, "invalid_secret_authentication",
		"The secret is not valid.",
		"The secret was revoked or never existed.",
		"Make a new secret for the project and use that.")
	EndpointNotAuthorizedForSDK = row(401, "endpoint_not_authorized_for_sdk",
		"This call is not switched on for browsers and apps.",
		"The project's settings do not let the client side make this call.",
		"Switch the call on in the project's settings, or make it from the server.")
	EnterpriseEndpoint = row(401, "enterprise_endpoint",
		"This call is not switched on for the project.",
		"The project's settings do not include the feature.",
		"Ask the operator of the server to switch the feature on.")
	AttributeMismatch = row(401, "attribute_mismatch",
		"Please use the same device and network for the whole sign-in.",
		"The request comes from another address or browser than the one the token was bound to.",
		"Start again from the device that finishes the sign-in, or do not bind the token.")

	UseHTTPS = row(403, "use_https",
		"This server answers over HTTPS only.",
		"The request came over plain HTTP.",
		"Use an https:// address.")
	OrganizationSuspended = row(403, "organization_suspended",
		"This account is suspended.",
		"The workspace that owns the project was suspended by the operator of the server.",
		"Ask the operator of the server.")
	CaptchaRequired = row(403, "captcha_required",
		"Please complete the captcha first.",
		"The project asks for a captcha on this call and none came with it.",
		"Show the captcha and send its answer with the call.")

	InvalidCallbackSignature = row(403, "invalid_callback_signature",
		"This report does not come from the provider.",
		"A report on a message has no signature, a wrong one, or an address that this server did not give out.",
		"Check that the server has the provider's own secret, and a public URL that proxies do not change.")

	ProjectNotFound = row(404, "project_not_found",
		"The project does not exist.",
		"The call names a project in its path or fields, and this server has none with that id.",
		"Copy the project id from the dashboard or the configuration.")
	StoryNotFound = row(404, "story_not_found",
		"Nothing is known of this message or request.",
		"No message of the project has this id, and no request with it sent or refused one. Messages are kept for 90 days.",
		"Take the message_id, or the request_id of the answer to the call that should have sent the message.")
	SafeListEntryNotFound = row(404, "safe_list_entry_not_found",
		"There is no such entry on the safe list.",
		"No entry of the project's safe list has this id, or it was replaced by a newer one.",
		"Take the safe_list_entry_id from GET /v1/thimble/guard/safe_list.")
	RouteNotFound = row(404, "route_not_found",
		"There is no such call.",
		"No call has this path.",
		"Check the path, and that the client's base address ends where it should.")
	MethodNotAllowed = row(405, "method_not_allowed",
		"This call cannot be made with this HTTP method.",
		"The path exists, with another method; the Allow header lists which.",
		"Use a method that the Allow header lists.")
	SearchTimeout = row(408, "search_timeout",
		"The search took too long. Please narrow it down.",
		"The search was stopped because it ran longer than allowed.",
		"Use exact filters or fewer organizations.")

	CaptchaFailed = row(429, "captcha_failed",
		"The captcha was not solved. Please try again.",
		"The captcha's provider did not accept the answer.",
		"Show a new captcha.")
	TooManyRequests = row(429, "too_many_requests",
		"Too many tries in a short time. Please wait a moment and try again.",
		"A limit for the number, address, member, organization or project is used up, or the queue is full.",
		"Wait as long as the Retry-After header says before the next try.")
	TooFewTokensAuthenticated = row(429, "too_few_tokens_authenticated",
		"No more codes can be sent at the moment. Please try again later.",
		"Many codes were sent and few of them were used, which looks like toll fraud.",
		"Look at the project's deliveries; the limit eases as codes are used.")
	ClientClosedRequest = row(499, "client_closed_request",
		"The request was given up before it was done.",
		"The client closed the connection or its deadline passed.",
		"Allow more time, and ask for the state before repeating the call.")
	InternalServerError = row(500, "internal_server_error",
		"Something went wrong on our side. Please try again.",
		"A fault of the server; its log has the cause under the request id.",
		"Try again. If it stays, give the request id to the operator of the server.")
	ServerUnavailable = row(503, "server_unavailable",
		"The service is busy or restarting. Please try again in a moment.",
		"The database could not be reached, or it is not known whether the change was kept.",
		"Read the state, then try again.")
)
