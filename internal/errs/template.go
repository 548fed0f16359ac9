package errs

// The wording of texts.
var (
	TemplateCodeNotOnce = row(400, "template_code_not_once",
		"The template needs {code} exactly once.",
		"The wording of a text has no place for the code, or more than one.",
		"Write {code} where the six digits belong, once.")
	TemplateUnknownPlaceholder = row(400, "template_unknown_placeholder",
		"Braces can only be those of {code} and {project}.",
		"The wording of a text has another placeholder than these two, or a brace that belongs to none.",
		"Use {code} and {project}, and no other braces.")
	TemplateForbiddenCharacter = row(400, "template_forbidden_character",
		"The template holds a character that a text cannot have.",
		"The wording of a text holds a control character other than a line break, or one that is invisible or turns the "+
			"direction of writing.",
		"Remove the character that the message names by its code point.")
	TemplateForbiddenLine = row(400, "template_forbidden_line",
		"No line may begin with @: the server adds the line by which browsers find the code.",
		"A line of the wording, or of the wording with the name filled in, begins with @, as only the last line of a text may.",
		"Leave the line out: the project's WebOTP domain makes the server add it.")
	TemplateTooLong = row(400, "template_too_long",
		"The text is too long.",
		"With code, name and WebOTP line filled in, the wording takes more SMS than the project allows, which is one unless "+
			"it was told otherwise. 160 characters of the GSM alphabet fit into one, or 70 with any other character.",
		"Shorten it as the message says, or replace the characters that the message names.")
	InvalidDisplayName = row(400, "invalid_display_name",
		"The name must have 1 to 64 characters on one line, none of them invisible, and must not begin with @.",
		"The name that texts use is too long, empty, or holds characters that a text cannot have.",
		"Choose another name.")

	TemplateNotFound = row(404, "template_not_found",
		"There is no wording of this language to remove.",
		"The project, or the organization that the call names, has no template of its own for the locale.",
		"List the templates: source says whose wording is used.")
	DisplayNameNotFound = row(404, "display_name_not_found",
		"There is no name for texts to remove.",
		"The project, or the organization that the call names, has no display name of its own.",
		"List the templates: display_name is the one that is set.")
)
