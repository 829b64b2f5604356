;;; explog-commit.el --- Tell the server when to look  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; No single hook of magit or vc runs after every commit, amend, rebase and
;; cherry-pick, and some run in the middle of one.  So no hook is relied
;; upon.  Each of them is a doorbell: it tells the server to look now, and
;; an unnecessary look is cheap.  The server also watches the branches
;; itself, which covers commits made outside Emacs.

;;; Code:

(require 'explog-base)

(autoload 'explog-log-buffer-p "explog-log")

(declare-function explog-server-ring "explog-server" (method &rest args))

(defconst explog-commit--hooks
  '((emacs vc-checkin-hook)
    (git-commit git-commit-post-finish-hook)
    (magit magit-post-commit-hook magit-post-refresh-hook))
  "Alist of (FEATURE HOOK...): hooks that ring, once FEATURE is loaded.
Adding to a hook before its file is loaded could lose its default value.")

(defun explog-commit-ring (&rest _)
  "Tell the server that something may have changed, if it is ready."
  (when (featurep 'explog-server)
    (explog-server-ring "ring")))

(defun explog-commit-ring-for-log ()
  "Tell the server that a log may have changed, if this buffer visits one."
  (when (and (derived-mode-p 'org-mode) (explog-log-buffer-p))
    (explog-commit-ring)))

(defun explog-commit--ring-for-loss ()
  "Tell the server that hashes may be lost, if a modified log is killed."
  (when (buffer-modified-p)
    (explog-commit-ring-for-log)))

(defun explog-commit-install ()
  "Ring after commits, and after a log was saved, reverted or killed."
  (add-hook 'kill-buffer-hook #'explog-commit--ring-for-loss)
  (add-hook 'after-save-hook #'explog-commit-ring-for-log)
  (add-hook 'after-revert-hook #'explog-commit-ring-for-log)
  (explog-commit--add))

(defun explog-commit--add ()
  "Add `explog-commit-ring' to the hooks of loaded features."
  (pcase-dolist (`(,feature . ,hooks) explog-commit--hooks)
    (when (featurep feature)
      (dolist (hook hooks)
        (add-hook hook #'explog-commit-ring)))))

(defun explog-commit--loaded ()
  "Add to the hooks of a feature that was loaded just now, if the mode is on."
  (when explog-mode
    (explog-commit--add)))

(defun explog-commit-uninstall ()
  "Undo what `explog-commit-install' did."
  (remove-hook 'kill-buffer-hook #'explog-commit--ring-for-loss)
  (remove-hook 'after-save-hook #'explog-commit-ring-for-log)
  (remove-hook 'after-revert-hook #'explog-commit-ring-for-log)
  (pcase-dolist (`(,_ . ,hooks) explog-commit--hooks)
    (dolist (hook hooks)
      (when (boundp hook)
        (remove-hook hook #'explog-commit-ring)))))

(with-eval-after-load 'git-commit (explog-commit--loaded))
(with-eval-after-load 'magit (explog-commit--loaded))

(provide 'explog-commit)
;;; explog-commit.el ends here
