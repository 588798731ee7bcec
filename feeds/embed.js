// <live-blog src="https://…/live.json">: the live blog inside an article of another site.
