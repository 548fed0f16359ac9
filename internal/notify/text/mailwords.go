package text

import "github.com/thimble-auth/thimble/internal/locale"

// mailWords are the mails of one language.
type mailWords struct {
	lang                 string // for the HTML element, BCP 47
	minutes, hours, days unit
	copy, validity       string
	login, signup        linkWords
}

type linkWords struct {
	subject, heading, lead, button, ignore string
	other                                  string // in front of a second link
}

var mails = map[locale.Tag]mailWords{
	locale.English: {
		lang:     "en",
		minutes:  unit{"minute", "minutes"},
		hours:    unit{"hour", "hours"},
		days:     unit{"day", "days"},
		copy:     "If the button does nothing, open this address in your browser:",
		validity: "The link is valid for {time} and works once.",
		login: linkWords{
			subject: "Log in to {organization}",
			heading: "Log in to {organization}",
			lead:    "Open the link below to log in.",
			button:  "Log in",
			ignore:  "If you did not ask for this, you can ignore this email: nobody gets in without the link.",
		},
		signup: linkWords{
			subject: "Join {organization}",
			heading: "Join {organization}",
			lead:    "Open the link below to confirm your email address and create your account.",
			button:  "Create my account",
			ignore:  "If you did not expect this, you can ignore this email: nothing happens without the link.",
		},
	},
	locale.Spanish: {
		lang:     "es",
		minutes:  unit{"minuto", "minutos"},
		hours:    unit{"hora", "horas"},
		days:     unit{"día", "días"},
		copy:     "Si el botón no funciona, abre esta dirección en tu navegador:",
		validity: "El enlace es válido durante {time} y funciona una sola vez.",
		login: linkWords{
			subject: "Inicia sesión en {organization}",
			heading: "Inicia sesión en {organization}",
			lead:    "Abre el siguiente enlace para iniciar sesión.",
			button:  "Iniciar sesión",
			ignore:  "Si no lo has pedido, puedes ignorar este correo: nadie puede entrar sin el enlace.",
		},
		signup: linkWords{
			subject: "Únete a {organization}",
			heading: "Únete a {organization}",
			lead:    "Abre el siguiente enlace para confirmar tu correo electrónico y crear tu cuenta.",
			button:  "Crear mi cuenta",
			ignore:  "Si no lo esperabas, puedes ignorar este correo: sin el enlace no pasa nada.",
		},
	},
	locale.French: {
		lang:     "fr",
		minutes:  unit{"minute", "minutes"},
		hours:    unit{"heure", "heures"},
		days:     unit{"jour", "jours"},
		copy:     "Si le bouton ne fonctionne pas, ouvrez cette adresse dans votre navigateur :",
		validity: "Le lien est valable {time} et ne sert qu’une fois.",
		login: linkWords{
			subject: "Connexion à {organization}",
			heading: "Connexion à {organization}",
			lead:    "Ouvrez le lien ci-dessous pour vous connecter.",
			button:  "Se connecter",
			ignore: "Si vous n’avez rien demandé, vous pouvez ignorer cet e-mail : " +
				"personne ne peut se connecter sans le lien.",
		},
		signup: linkWords{
			subject: "Rejoignez {organization}",
			heading: "Rejoignez {organization}",
			lead:    "Ouvrez le lien ci-dessous pour confirmer votre adresse e-mail et créer votre compte.",
			button:  "Créer mon compte",
			ignore: "Si vous n’attendiez pas ce message, vous pouvez l’ignorer : " +
				"rien ne se passe sans le lien.",
		},
	},
	locale.BrazilianPortuguese: {
		lang:     "pt-BR",
		minutes:  unit{"minuto", "minutos"},
		hours:    unit{"hora", "horas"},
		days:     unit{"dia", "dias"},
		copy:     "Se o botão não funcionar, abra este endereço no seu navegador:",
		validity: "O link vale por {time} e funciona uma única vez.",
		login: linkWords{
			subject: "Entrar em {organization}",
			heading: "Entrar em {organization}",
			lead:    "Abra o link abaixo para entrar.",
			button:  "Entrar",
			ignore:  "Se você não pediu isto, pode ignorar este e-mail: ninguém entra sem o link.",
		},
		signup: linkWords{
			subject: "Participe de {organization}",
			heading: "Participe de {organization}",
			lead:    "Abra o link abaixo para confirmar o seu e-mail e criar a sua conta.",
			button:  "Criar minha conta",
			ignore:  "Se você não esperava esta mensagem, pode ignorá-la: nada acontece sem o link.",
		},
	},
}
