;;; explog-doctor-tests.el --- Tests of explog-doctor  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; What the doctor's buffer says of an Emacs that has nothing, of one
;; where things are wrong, and what its buttons do.

;;; Code:

(require 'explog-test)
(require 'explog-doctor)

(defvar org-agenda-custom-commands)
(defvar org-capture-templates)

(defmacro explog-doctor-tests--with (&rest body)
  "Do BODY without a server, in a folder of its own."
  (declare (indent 0) (debug t))
  `(explog-test-in-folder
     (let ((explog-server-command nil)
           (inhibit-message t))
       (save-window-excursion
         (unwind-protect
             (progn ,@body)
           (explog-mode -1)
           (when (get-buffer "*explog doctor*")
             (kill-buffer "*explog doctor*")))))))

(defun explog-doctor-tests--lines (regexp)
  "Return the lines of the doctor's buffer that match REGEXP."
  (explog-doctor)
  (with-current-buffer "*explog doctor*"
    (let ((case-fold-search nil))
      (seq-filter (lambda (line) (string-match-p regexp line))
                  (split-string (buffer-substring-no-properties (point-min) (point-max))
                                "\n" t)))))

(defconst explog-doctor-tests--wrong "^  \\(?:✗\\|NOT\\) "
  "Matches a line with what is wrong.")

(ert-deftest explog-doctor-of-an-emacs-with-nothing ()
  (explog-doctor-tests--with
    (setq explog-logs nil)
    (let ((wrong (explog-doctor-tests--lines explog-doctor-tests--wrong)))
      (should (equal '("explog-mode is off  [Turn it on]"
                       "‘explog-logs’ names nothing  [Customize]"
                       "‘explog-repositories’ names nothing  [Customize]")
                     (mapcar (lambda (line)
                               (replace-regexp-in-string
                                "[`']" (lambda (quote) (if (equal quote "`") "‘" "’"))
                                (replace-regexp-in-string "\\` *\\(?:✗\\|NOT\\) " "" line)))
                             wrong))))))

(ert-deftest explog-doctor-shows-no-tick-for-what-does-not-run ()
  (explog-doctor-tests--with
    (let ((explog-logs '("missing.org" "none*.org"))
          (explog-repositories '(("nowhere" . 1))))
      (should-not (explog-doctor-tests--lines "✓ .*\\(?:does not run\\|is set\\)"))
      (should (explog-doctor-tests--lines "✗ .*explog-logs.* names nothing that is there"))
      (should (explog-doctor-tests--lines "✗ .*explog-repositories.* names nothing that is there"))
      (should (explog-doctor-tests--lines "– it does not run"))
      (should (explog-doctor-tests--lines "– not looked at")))
    (let ((explog-logs (list (expand-file-name "log.org"))))
      (write-region "" nil "log.org")
      (should (explog-doctor-tests--lines "✓ .*explog-logs.* is set")))))

(ert-deftest explog-doctor-renews-itself-while-it-is-on-the-screen ()
  (explog-doctor-tests--with
    (setq explog-logs nil)
    (explog-doctor)
    (let ((buffer (get-buffer "*explog doctor*")))
      (cl-flet ((says (text) (with-current-buffer buffer
                               (string-search text (buffer-string)))))
        (should (says "explog-mode is off"))
        (explog-mode 1)
        (explog-test-wait "a new look" (lambda () (says "explog-mode is on")))
        (switch-to-buffer "*scratch*")
        (delete-other-windows)
        (explog-mode -1)
        (explog-test-wait "no look" (lambda () (null explog-doctor--timer)))
        (should (says "explog-mode is on"))
        (kill-buffer buffer)
        (should-not (memq #'explog-doctor--renew explog-mode-hook))))))

(ert-deftest explog-doctor-without-a-program ()
  (explog-doctor-tests--with
    (let ((explog-server-command '("/nowhere/explog")))
      (should (string-search "/nowhere/explog"
                             (car (explog-doctor-tests--lines "Install the server")))))))

(ert-deftest explog-doctor-of-wrong-values ()
  (explog-doctor-tests--with
    (let ((explog-tick 'sometimes)
          (explog-logs '("/ssh:nowhere:/log.org")))
      (should (explog-doctor-tests--lines "explog-tick.*\\[Customize\\]"))
      (should (explog-doctor-tests--lines "other machines")))))

(ert-deftest explog-doctor-tells-of-keys-that-are-taken ()
  (explog-doctor-tests--with
    (let ((org-capture-templates '(("e" "Mine" entry (file "x.org") "* ")))
          (org-agenda-custom-commands '(("c" "Mine" todo "TODO"))))
      (should (explog-doctor-tests--lines "capture key e is taken"))
      (should (explog-doctor-tests--lines "agenda key c is taken")))))

(ert-deftest explog-doctor-buttons-mend ()
  (explog-doctor-tests--with
    (setq explog-logs nil)
    (explog-doctor)
    (with-current-buffer "*explog doctor*"
      (goto-char (point-min))
      (call-interactively (key-binding "n"))
      (should (equal "[Turn it on]" (button-label (button-at (point)))))
      (call-interactively (key-binding (kbd "RET")))
      (should explog-mode)
      (revert-buffer)
      (goto-char (point-min))
      (should (search-forward "rung by saves and commits" nil t)))))

(ert-deftest explog-doctor-sees-lost-hooks ()
  (explog-doctor-tests--with
    (setq explog-logs nil)
    (explog-mode 1)
    (remove-hook 'after-save-hook #'explog-commit-ring-for-log)
    (should (explog-doctor-tests--lines "took it out of after-save-hook"))))

(ert-deftest explog-doctor-shows-what-the-server-finds ()
  (should (equal '(nil "/r is owned by another" "git config --global x" "Copy the command")
                 (let ((finding (explog-doctor--of-row
                                 ["repository" nil "/r is owned by another"
                                  "git config --global x"])))
                   (list (explog-doctor-finding-ok finding)
                         (explog-doctor-finding-text finding)
                         (explog-doctor-finding-hint finding)
                         (explog-doctor-finding-label finding)))))
  (with-temp-buffer
    (explog-doctor--insert (explog-doctor--finding :text "one\nline\e[31m"))
    (should-not (string-match-p "\e\\|\n." (buffer-string)))))

(provide 'explog-doctor-tests)
;;; explog-doctor-tests.el ends here
