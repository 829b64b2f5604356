;;; explog-point.el --- What the point is on  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What commands apply to: the experiment, step, reference or commit at
;; point.  Point may be in a log, an agenda, a list of explog, magit, vc or
;; any other text.
;;
;; To find it is cheap: the server is not asked, and no process is started,
;; except that magit may run git to see whether a word is a commit.  Only to
;; find the references of a commit, git has to be asked.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-complete)
(require 'explog-git)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-ref)
(require 'explog-server)
(require 'seq)
(require 'subr-x)

(declare-function log-view-current-tag "log-view" (&optional pos))
(declare-function vc-annotate-extract-revision-at-line "vc-annotate" ())
(declare-function magit-commit-at-point "magit-git" ())
(defvar magit-buffer-revision)

(cl-defstruct (explog-point (:constructor explog-point--make) (:copier nil))
  "Return what is at point, an `explog-point', or nil."
  kind id step commit repository)

(defun explog-point ()
  "Return what the point is on, or nil."
  (or (explog-point--in-list)
      (explog-point--on-reference)
      (explog-point--on-commit)
      (explog-point--in-agenda)
      (explog-point--in-log)
      (explog-point--writing)))

(defun explog-point--in-list ()
  "Return what the current line of a list of explog is about, or nil.
Such a line has the text property `explog-point', a plist of arguments
for `explog-point--make'."
  (when-let ((place (get-text-property (line-beginning-position) 'explog-point)))
    (apply #'explog-point--make place)))

(defun explog-point--on-reference ()
  "Return the reference at point, or nil."
  (pcase (explog-ref-here)
    (`(,id ,step . ,_) (explog-point--make :kind 'reference :id id :step step))))

(defun explog-point--on-commit ()
  "Return the commit at point in magit or vc, or nil."
  (when-let ((commit (cond ((derived-mode-p 'magit-mode)
                            (or (magit-commit-at-point)
                                (bound-and-true-p magit-buffer-revision)))
                           ((bound-and-true-p magit-blame-mode)
                            (magit-commit-at-point))
                           ((derived-mode-p 'log-view-mode)
                            (log-view-current-tag))
                           ((derived-mode-p 'vc-annotate-mode)
                            (explog-point--annotated)))))
    (explog-point--make :kind 'commit :commit (substring-no-properties commit)
                        :repository default-directory)))

(defun explog-point--annotated ()
  "Return the commit of the current line of an annotated file, or nil."
  (let ((revision (vc-annotate-extract-revision-at-line)))
    (if (consp revision)                ; and the name of the file in it
        (car revision)
      revision)))

(defun explog-point--in-agenda ()
  "Return the experiment of the current line of an agenda, or nil."
  (when-let ((marker (and (derived-mode-p 'org-agenda-mode)
                          (or (get-text-property (line-beginning-position) 'org-hd-marker)
                              (get-text-property (line-beginning-position) 'org-marker))))
             (buffer (marker-buffer marker)))
    (with-current-buffer buffer
      (and (explog-log-buffer-p)
           (save-excursion
             (save-restriction
               (widen)
               (goto-char marker)
               (beginning-of-line)
               (when-let ((id (explog-heading-experiment-id)))
                 (explog-point--make :kind 'experiment :id id))))))))

(defun explog-point--in-log ()
  "Return the experiment or step around point, or nil."
  (pcase (explog-ref-at-point)
    (`(,id . ,step)
     (explog-point--make :kind (if step 'step 'experiment) :id id :step step))))

;;;; Commits

(defun explog-point-message-p ()
  "Return non-nil in a buffer for writing a commit message."
  (or (bound-and-true-p git-commit-mode)
      (derived-mode-p 'log-edit-mode)))

(defun explog-point--writing ()
  "Return the first reference of the commit message in this buffer, or nil."
  (when (explog-point-message-p)
    (pcase (explog-point--in-message)
      (`((,id . ,step) . ,_)
       (explog-point--make :kind 'reference :id id :step step)))))

(defun explog-point--in-message ()
  "Return the references in the commit message of this buffer."
  (let ((text (save-restriction
                (widen)
                (buffer-substring-no-properties (point-min) (point-max)))))
    (explog-ref-in-message
     (replace-regexp-in-string
      "^#.*" ""
      ;; Leave out the diff that `git commit --verbose' shows.
      (substring text 0 (string-match "^# -+ >8 -+$" text))))))

(defun explog-point-references (point)
  "Return the references of the commit in POINT, a list of (ID . STEP).
Git is asked, because the server may not know the commit yet."
  (let ((text (explog-point-git point (explog-point-commit point) "cat-file" "commit")))
    (and text
         (explog-ref-in-message
          (substring text (or (string-match "\n\n" text) 0))))))

(defun explog-point-git (point revision &rest args)
  "Return the output of git with ARGS and REVISION, or nil if it fails.
Run it in the repository of POINT, or in the current one if POINT is nil."
  (unless (string-prefix-p "-" revision) ; or git takes it for an option
    (apply #'explog-git (or (and point (explog-point-repository point))
                            default-directory)
           (append args (list revision)))))

;;;; Helpers for commands

(defun explog-point-meant ()
  "Return what may be meant here, a list of (ID . STEP), the likeliest first.
That is what is at point, or the references of the commit at point or of
the commit message in this buffer."
  (let ((point (explog-point)))
    (cond ((null point) nil)
          ((and (explog-point-message-p) (not (explog-ref-here)))
           (explog-point--in-message))
          ((explog-point-id point)
           (list (cons (explog-point-id point) (explog-point-step point))))
          (t (explog-point-references point)))))

(defun explog-point-reference (prompt)
  "Return (ID . STEP) of what is meant here; ask with PROMPT if it is not clear.
With a prefix argument, ask always."
  (or (and (not current-prefix-arg)
           (explog-point-choose prompt (explog-point-meant)))
      (explog-ref-parse (explog-read-reference prompt))))

(defun explog-point-choose (prompt references)
  "Ask with PROMPT for one of REFERENCES, a list of (ID . STEP).
If there is at most one, return it without asking."
  (if (null (cdr references))
      (car references)
    (explog-complete-read
     (string-remove-suffix ": " prompt)
     (mapcar (lambda (reference)
               (cons (explog-ref-string (car reference) (cdr reference)) reference))
             references)
     :category 'explog-reference)))

(defun explog-point-ask (method args &rest keys)
  "Call METHOD of the server with the list ARGS, and wait for the result.
KEYS are as in `explog-server-call-sync'.  Signal errors as `user-error'."
  (explog-need-mode)
  (condition-case err
      (apply #'explog-server-call-sync method args keys)
    (explog-error (user-error "%s" (nth 2 err)))))

(provide 'explog-point)
;;; explog-point.el ends here
