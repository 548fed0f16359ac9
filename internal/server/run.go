package server

import (
	"context"
	"fmt"
	"io"

	"github.com/alecthomas/kong"

	"github.com/thimble-auth/thimble/internal/config"
)

// commands is the command line.
type commands struct {
	Dev       devCommand       `cmd:"" help:"Try it: everything on this machine, no settings, messages into an inbox."`
	Serve     serveCommand     `cmd:"" help:"Run it for real."`
	Doctor    doctorCommand    `cmd:"" help:"Check the settings of thimble serve and ask the providers, sending nothing."`
	Project   projectCommands  `cmd:"" help:"Projects: credentials, redirect URLs, settings."`
	Guard     guardCommands    `cmd:"" help:"Toll fraud: what is hot, what is refused, what passes."`
	Keys      keysCommands     `cmd:"" help:"The master key, and the key ring that it seals."`
	Inbox     inboxCommands    `cmd:"" help:"Show the mails and texts of test projects, or follow them."`
	Providers providersCommand `cmd:"" help:"Show how well each provider of texts serves each country."`
	Spend     spendCommand     `cmd:"" help:"Show what a project's texts cost, and its budgets."`
	Why       whyCommand       `cmd:"" help:"Tell what became of a message, or why a request was refused."`
	Simulate  simulateCommand  `cmd:"" help:"Show what a policy against fraud would do to made-up or recorded traffic."`
	Webhook   webhookCommands  `cmd:"" help:"Tell programs what happens in a project."`
	Member    memberCommands   `cmd:"" help:"Help a member who is stuck."`
	Version   versionCommand   `cmd:"" help:"Show which version this is."`
}

// runner is what every command may use.
type runner struct {
	ctx            context.Context
	stdout, stderr io.Writer
	source         *config.Source
}

// printf writes a line or more for the person who ran the command. An error of the terminal has nobody to be told to.
func (r *runner) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.stdout, format, args...) }

// exited is how kong ends early, after --help for one.
type exited int

// Run runs the command that args name, without the program's name, in the environment given in the form of os.Environ.
// It gives the exit status: 0 when all went well, 1 when something failed, 2 for a command line that means nothing. A
// server runs until ctx ends or the process gets SIGINT or SIGTERM.
func Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) (status int) {
	defer func() {
		if code, ok := recover().(exited); ok {
			status = int(code)
		}
	}()

	r := &runner{ctx: ctx, stdout: stdout, stderr: stderr, source: config.NewSource(environ)}
	parser, err := kong.New(&commands{},
		kong.Name("thimble"),
		kong.Description("An authentication server for B2B software that speaks Stytch's B2B API."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Resolvers(r.source),
		kong.ValueFormatter(config.Describer(projectSettingsText)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
	)
	if err != nil {
		panic("server: the command line is declared wrongly: " + err.Error())
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "thimble: %v\n", err)
		return 2
	}
	if err := command.Run(r); err != nil {
		_, _ = fmt.Fprintf(stderr, "thimble: %v\n", err)
		return 1
	}
	return 0
}
