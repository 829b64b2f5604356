;;; explog-dispatch.el --- All of explog in one menu  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-dispatch' is a menu of all commands.  Its heading says what the
;; point is on, which is what they begin with: an experiment, a step, a
;; reference, a commit.  What does not apply there is inactive, and a
;; command that is not installed is not shown.
;;
;; Transient is part of Emacs since 28.1.

;;; Code:

(require 'explog-agenda)
(require 'explog-base)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-search)
(require 'explog-visit)
(require 'seq)
(require 'subr-x)
(require 'transient)

(autoload 'org-agenda "org-agenda")

(declare-function org-agenda "org-agenda" (&optional arg keys restriction))

(defvar explog-dispatch--point nil
  "What the point was on when the menu came up.")

(defvar explog-dispatch--source nil
  "Whether that, or the buffer, was a commit or file.")

;;;; What the point is on

(defun explog-dispatch--heading ()
  "Return what the point is on, as the heading of the menu.
Only what is known already is told, and the rest when it has come;
nothing waits for the server."
  (let ((point explog-dispatch--point))
    (cond ((not explog-mode)
           (propertize "explog-mode is off" 'face 'warning))
          ((null point) "On no experiment")
          ((explog-point-id point)
           (explog-dispatch--reference (explog-point-id point)
                                       (explog-point-step point)))
          (t (format "Commit %s in %s"
                     (propertize (explog-dispatch--short (explog-point-commit point))
                                 'face 'transient-value)
                     (abbreviate-file-name (explog-point-repository point)))))))

(defun explog-dispatch--reference (id step)
  "Return the heading for experiment ID, or for its STEP if that is non-nil."
  (let ((known (explog-ref-describe id step)))
    (concat (propertize (explog-ref-string id step) 'face 'transient-value)
            (if known
                (concat " " (truncate-string-to-width known 100 nil nil t))
              ""))))

(defun explog-dispatch--redraw (_ids)
  "Draw the menu again, as something else is known of experiments.
When the menu is gone, do so no more."
  (if (explog-dispatch--up-p)
      (transient--show)
    (remove-hook 'explog-cache-changed-functions #'explog-dispatch--redraw)))

(defun explog-dispatch--up-p ()
  "Return non-nil if the menu is up."
  (and transient--prefix
       (eq 'explog-dispatch (oref transient--prefix command))))

(defun explog-dispatch--short (commit)
  "Return COMMIT, abbreviated if it is a full id."
  (if (string-match-p "\\`[0-9a-f]\\{40,64\\}\\'" commit)
      (substring commit 0 7)
    commit))

;;;; When something applies

(defun explog-dispatch--off-p ()
  "Return non-nil if `explog-mode' is off."
  (not explog-mode))

(defun explog-dispatch--nowhere-p ()
  "Return non-nil if there is nothing at point to go to."
  (or (not explog-mode) (null explog-dispatch--point)))

(defun explog-dispatch--no-source-p ()
  "Return non-nil if no commit or file is here to lead to experiments."
  (not (and explog-mode explog-dispatch--source)))

(defun explog-dispatch--calm-p ()
  "Return non-nil if nothing needs the user."
  (string-empty-p (or (bound-and-true-p explog-attention-sign) "")))

(defun explog-dispatch-visit-point ()
  "Go to what the point is on: a step in its log, or a commit."
  (interactive)
  (let ((point (or (explog-point) (user-error "On no experiment, step or commit"))))
    (if (and (explog-point-commit point)
             (not (eq 'reference (explog-point-kind point))))
        (explog-search-visit-commit (explog-point-repository point)
                                    (explog-point-commit point))
      (explog-visit-goto (explog-point-id point) (explog-point-step point)))))

;;;; The agenda

(defun explog-dispatch-agenda ()
  "Show one of the agendas in `explog-agenda-commands'."
  (interactive)
  (unless explog-agenda-prefix
    (user-error "The agenda has no commands of ours; see `explog-agenda-prefix'"))
  (org-agenda nil (concat explog-agenda-prefix (explog-dispatch--read-agenda))))

(defun explog-dispatch--read-agenda ()
  "Ask for the key of one of `explog-agenda-commands'."
  (if (seq-every-p (lambda (command) (= 1 (length (car command))))
                   explog-agenda-commands)
      (string (car (read-multiple-choice
                    "Agenda:" (mapcar (lambda (command)
                                        ;; Wherever the words have the key, it would be
                                        ;; marked in the middle of one.
                                        (list (string-to-char (car command))
                                              (concat (car command) " " (nth 1 command))))
                                      explog-agenda-commands))))
    (let ((names (mapcar (lambda (command) (cons (nth 1 command) (car command)))
                         explog-agenda-commands)))
      (cdr (assoc (completing-read "Agenda: " names nil t) names)))))

;;;; The menu

;;;###autoload (autoload 'explog-dispatch "explog-dispatch" nil t)
(transient-define-prefix explog-dispatch ()
  "Show a menu of all that explog does, by what the point is on."
  [:description
   explog-dispatch--heading
   ["Go to"
    ("RET" "what is here" explog-dispatch-visit-point
     :inapt-if explog-dispatch--nowhere-p)
    ("v" "an experiment" explog-visit)
    ("l" "its commits" explog-commits :inapt-if explog-dispatch--off-p)
    ("d" "what changed" explog-diff :inapt-if explog-dispatch--off-p)
    ("m" "its mentions" explog-mentions :inapt-if explog-dispatch--off-p)
    ("b" "that of this commit or file" explog-experiments-here
     :inapt-if explog-dispatch--no-source-p)]
   ["Write"
    ("e" "a new experiment" explog-capture)
    ("n" "a note" explog-note
     :if (lambda () (fboundp 'explog-note)) :inapt-if explog-dispatch--off-p)
    ("s" "a step" explog-add-step
     :if (lambda () (fboundp 'explog-add-step)) :inapt-if explog-dispatch--off-p)
    ("c" "the conclusion" explog-conclude
     :if (lambda () (fboundp 'explog-conclude)) :inapt-if explog-dispatch--off-p)]
   ["Search & agenda"
    ("/" "search" explog-search :inapt-if explog-dispatch--off-p)
    ("a" "agenda" explog-dispatch-agenda :inapt-if explog-dispatch--off-p)]]
  [["Check"
    ("!" "what needs you" explog-attention :inapt-if explog-dispatch--calm-p)
    ("k" "problems" explog-check
     :if (lambda () (fboundp 'explog-check)) :inapt-if explog-dispatch--off-p)
    ("h" "hashes to put in" explog-backfill
     :if (lambda () (fboundp 'explog-backfill)) :inapt-if explog-dispatch--off-p)
    ("r" "report" explog-report
     :if (lambda () (fboundp 'explog-report)) :inapt-if explog-dispatch--off-p)]
   ["Service"
    ("D" "doctor" explog-doctor :if (lambda () (fboundp 'explog-doctor)))
    ("R" "restart the server" explog-restart :inapt-if explog-dispatch--off-p)
    ("I" "install the server" explog-install-server
     :if (lambda () (fboundp 'explog-install-server)))
    ("M" explog-dispatch--describe-mode explog-mode)]]
  (interactive)
  (setq explog-dispatch--point (explog-point)
        explog-dispatch--source (explog-visit-here-p))
  (add-hook 'explog-cache-changed-functions #'explog-dispatch--redraw)
  (transient-setup 'explog-dispatch))

(defun explog-dispatch--describe-mode ()
  "Return what the command `explog-mode' would do."
  (if explog-mode "turn explog-mode off" "turn explog-mode on"))

(provide 'explog-dispatch)
;;; explog-dispatch.el ends here
