/* Cards of JupyterLab's launcher: a new report, and the preview of the open one. Each gives a command
   of the command line in a terminal. A container of module federation, written by hand (0029). */
"use strict";
(() => {
  const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="5" fill="#12436d"/><path d="M7 25V16h4v9zM14 25V11h4v14zM21 25V7h4v18z" fill="#fff"/></svg>';
  const CATEGORY = "IPATS";
  const EXPORT = { format: "ipats", label: "IPATS page" };
  const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;
  const pause = (milliseconds) => new Promise((ended) => setTimeout(ended, milliseconds));

  function plugin({ ILauncher, INotebookTracker, ICommandPalette, IMainMenu, InputDialog, LabIcon }) {
    return {
      id: "ipats:lab",
      autoStart: true,
      requires: [ILauncher, INotebookTracker],
      optional: [ICommandPalette, IMainMenu],
      activate(app, launcher, tracker, palette, menu) {
        const icon = new LabIcon({ name: "ipats:icon", svgstr: ICON });
        const ask = async (title, label, text = "") => {
          const said = await InputDialog.getText({ title, label, text });
          return said.button.accept ? said.value.trim() : "";
        };
        /* `make lab` says in IPATS how the command line is called where it is not installed. */
        async function run(words) {
          const { session } = (await app.commands.execute("terminal:create-new")).content;
          const prompt = new Promise((shown) => session.messageReceived.connect(shown));
          await Promise.race([prompt, pause(5000)]);
          session.send({ type: "stdin", content: [`\${IPATS:-ipats} ${words}\r`] });
        }
        /* Opens the notebook once it is written; where it never is, the terminal says why. */
        async function opened(key) {
          const [family] = key.split("/");
          for (let tried = 0; tried < 120; tried += 1) {
            for (const root of ["", "notebooks/"]) {
              const folder = await app.serviceManager.contents.get(root + family).catch(() => ({ content: [] }));
              const found = folder.content.find((file) => file.path === `${root}${key}.ipynb`);
              if (found) return app.commands.execute("docmanager:open", { path: found.path });
            }
            await pause(500);
          }
        }
        async function write() {
          const title = "New IPATS report";
          const key = await ask(title, "Family and name: performance/..., comparison/... or dashboards/...", "comparison/");
          const heading = key && await ask(title, "The title of its page");
          if (!heading) return;
          await run(`new ${quoted(key)} --title ${quoted(heading)}`);
          return opened(key);
        }
        async function preview() {
          const context = tracker.currentWidget?.context;
          if (context?.model.dirty) await context.save();
          const path = context?.path || await ask("Preview", "Which notebook: comparison/earnings");
          if (path) await run(`preview ${quoted(path)} --watch`);
        }
        const commands = {
          "ipats:new": { label: "New IPATS report", caption: "Write a notebook that works, and open it", execute: write },
          "ipats:preview": { label: "Preview", caption: "Show the open notebook's page as the site does, at each save", execute: preview },
        };
        Object.entries(commands).forEach(([command, options], rank) => {
          app.commands.addCommand(command, { icon, ...options });
          launcher.add({ command, category: CATEGORY, rank });
          palette?.addItem({ command, category: CATEGORY });
        });
        /* JupyterLab writes an exporter's name with a capital, whatever the exporter calls itself. */
        async function rename() {
          await app.serviceManager.nbconvert.getExportFormats(false);
          for (let tried = 0; menu && tried < 40; tried += 1) {
            const exports = menu.fileMenu.items.find((item) => item.submenu?.id === "jp-mainmenu-file-notebookexport")?.submenu;
            const found = exports?.items.find((item) => item.args.format === EXPORT.format);
            if (found) {
              exports.removeItem(found);
              exports.addItem({ command: found.command, args: { ...found.args, ...EXPORT } });
              return;
            }
            await pause(250);
          }
        }
        const first = () => { tracker.widgetAdded.disconnect(first); rename(); };
        tracker.widgetAdded.connect(first);
      },
    };
  }

  let shared;
  const module = async (name) => (await Object.values(shared[`@jupyterlab/${name}`])[0].get())();
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.ipats = {
    init(scope) { shared = scope; },
    async get() {
      const names = ["launcher", "notebook", "apputils", "mainmenu", "ui-components"];
      const found = Object.assign({}, ...(await Promise.all(names.map(module))));
      return () => ({ __esModule: true, default: plugin(found) });
    },
  };
})();
