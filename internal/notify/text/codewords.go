package text

import "github.com/thimble-auth/thimble/internal/locale"

// codeMailWords are the mails with codes of one language.
type codeMailWords struct {
	validity, ignore         string
	login, signup, discovery codeWords
}

type codeWords struct{ subject, heading, lead string }

// inviteWords are the mails with links of one language that are for people who are not members, or not yet.
type inviteWords struct{ invite, discovery linkWords }

var codeMails = map[locale.Tag]codeMailWords{
	locale.English: {
		validity: "The code is valid for {time} and works once.",
		ignore: "If you did not ask for this, you can ignore this email. Never pass the code on: " +
			"nobody from our side asks for it.",
		login: codeWords{
			subject: "Your code to log in to {organization}",
			heading: "Log in to {organization}",
			lead:    "Enter this code to log in:",
		},
		signup: codeWords{
			subject: "Your code to join {organization}",
			heading: "Join {organization}",
			lead:    "Enter this code to confirm your email address and create your account:",
		},
		discovery: codeWords{
			subject: "Your login code",
			heading: "Log in",
			lead:    "Enter this code to log in:",
		},
	},
	locale.Spanish: {
		validity: "El código es válido durante {time} y funciona una sola vez.",
		ignore: "Si no lo has pedido, puedes ignorar este correo. No compartas el código: nadie de " +
			"nuestra parte te lo pedirá.",
		login: codeWords{
			subject: "Tu código para iniciar sesión en {organization}",
			heading: "Inicia sesión en {organization}",
			lead:    "Escribe este código para iniciar sesión:",
		},
		signup: codeWords{
			subject: "Tu código para unirte a {organization}",
			heading: "Únete a {organization}",
			lead:    "Escribe este código para confirmar tu correo electrónico y crear tu cuenta:",
		},
		discovery: codeWords{
			subject: "Tu código para iniciar sesión",
			heading: "Inicia sesión",
			lead:    "Escribe este código para iniciar sesión:",
		},
	},
	locale.French: {
		validity: "Le code est valable {time} et ne sert qu’une fois.",
		ignore: "Si vous n’avez rien demandé, vous pouvez ignorer cet e-mail. Ne communiquez jamais ce " +
			"code : personne chez nous ne vous le demandera.",
		login: codeWords{
			subject: "Votre code de connexion à {organization}",
			heading: "Connexion à {organization}",
			lead:    "Saisissez ce code pour vous connecter :",
		},
		signup: codeWords{
			subject: "Votre code pour rejoindre {organization}",
			heading: "Rejoignez {organization}",
			lead:    "Saisissez ce code pour confirmer votre adresse e-mail et créer votre compte :",
		},
		discovery: codeWords{
			subject: "Votre code de connexion",
			heading: "Connexion",
			lead:    "Saisissez ce code pour vous connecter :",
		},
	},
	locale.BrazilianPortuguese: {
		validity: "O código vale por {time} e funciona uma única vez.",
		ignore: "Se você não pediu isto, pode ignorar este e-mail. " +
			"Não passe o código a ninguém: nunca vamos pedi-lo a você.",
		login: codeWords{
			subject: "Seu código para entrar em {organization}",
			heading: "Entrar em {organization}",
			lead:    "Digite este código para entrar:",
		},
		signup: codeWords{
			subject: "Seu código para participar de {organization}",
			heading: "Participe de {organization}",
			lead:    "Digite este código para confirmar o seu e-mail e criar a sua conta:",
		},
		discovery: codeWords{
			subject: "Seu código para entrar",
			heading: "Entrar",
			lead:    "Digite este código para entrar:",
		},
	},
}

var invites = map[locale.Tag]inviteWords{
	locale.English: {
		invite: linkWords{
			subject: "You are invited to {organization}",
			heading: "You are invited to {organization}",
			lead:    "Open the link below to accept the invitation and create your account.",
			button:  "Accept the invitation",
			ignore:  "If you do not know what this is about, you can ignore this email: nothing happens without the link.",
		},
		discovery: linkWords{
			subject: "Your login link",
			heading: "Log in",
			lead:    "Open the link below to log in and to choose your organization.",
			button:  "Log in",
			ignore:  "If you did not ask for this, you can ignore this email: nobody gets in without the link.",
		},
	},
	locale.Spanish: {
		invite: linkWords{
			subject: "Tienes una invitación a {organization}",
			heading: "Tienes una invitación a {organization}",
			lead:    "Abre el siguiente enlace para aceptar la invitación y crear tu cuenta.",
			button:  "Aceptar la invitación",
			ignore:  "Si no sabes de qué se trata, puedes ignorar este correo: sin el enlace no pasa nada.",
		},
		discovery: linkWords{
			subject: "Tu enlace para iniciar sesión",
			heading: "Inicia sesión",
			lead:    "Abre el siguiente enlace para iniciar sesión y elegir tu organización.",
			button:  "Iniciar sesión",
			ignore:  "Si no lo has pedido, puedes ignorar este correo: nadie puede entrar sin el enlace.",
		},
	},
	locale.French: {
		invite: linkWords{
			subject: "Vous êtes invité à rejoindre {organization}",
			heading: "Invitation à rejoindre {organization}",
			lead:    "Ouvrez le lien ci-dessous pour accepter l’invitation et créer votre compte.",
			button:  "Accepter l’invitation",
			ignore:  "Si vous ne savez pas de quoi il s’agit, vous pouvez ignorer cet e-mail : rien ne se passe sans le lien.",
		},
		discovery: linkWords{
			subject: "Votre lien de connexion",
			heading: "Connexion",
			lead:    "Ouvrez le lien ci-dessous pour vous connecter et choisir votre organisation.",
			button:  "Se connecter",
			ignore:  "Si vous n’avez rien demandé, vous pouvez ignorer cet e-mail : personne ne peut se connecter sans le lien.",
		},
	},
	locale.BrazilianPortuguese: {
		invite: linkWords{
			subject: "Você recebeu um convite de {organization}",
			heading: "Convite para participar de {organization}",
			lead:    "Abra o link abaixo para aceitar o convite e criar a sua conta.",
			button:  "Aceitar o convite",
			ignore:  "Se você não sabe do que se trata, pode ignorar este e-mail: nada acontece sem o link.",
		},
		discovery: linkWords{
			subject: "Seu link para entrar",
			heading: "Entrar",
			lead:    "Abra o link abaixo para entrar e escolher a sua organização.",
			button:  "Entrar",
			ignore:  "Se você não pediu isto, pode ignorar este e-mail: ninguém entra sem o link.",
		},
	},
}
